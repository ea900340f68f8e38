"""Robot descriptions that come with the package: one TOML file each."""
