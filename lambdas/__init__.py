"""One folder for each Lambda: parse the event, call one function of the domain, return."""
