"""The process that stays: it serves the API and the pages, carries runs on, and tells and hears the channels."""
