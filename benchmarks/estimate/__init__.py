"""Scored rows whose labels are drawn from a known truth, so that an estimate can be held against them."""
