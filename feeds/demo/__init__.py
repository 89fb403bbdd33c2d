"""The demonstration district: invented, generated from a seed, named as such wherever it is shown."""
