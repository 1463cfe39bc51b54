"""Every knob of the project, as typed sections; imports no torch."""
