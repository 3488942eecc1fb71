"""The top floor: command line, composition of the settings and the app, supervisor."""
