"""Where people are asked outside our own pages: Slack and Jira behind one port, a row in the ledger behind both."""
