"""The household: configuration, the one flow, the schedule, the commands, the pages."""
