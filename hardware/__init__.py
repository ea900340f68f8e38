"""How a command reaches metal or a screen: the floor that every other package stands on."""
