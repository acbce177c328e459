"""How well an avatar shows the person: against its photo, and against a clip."""
