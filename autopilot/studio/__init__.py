"""The graph in LangGraph's local server: for Studio and the inboxes of agents, on a developer's own machine."""
