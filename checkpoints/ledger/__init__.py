"""The truth about runs, decisions, effects, approvals and promotions: one file per noun, joined in book.py."""
