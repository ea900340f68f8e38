"""The floor of the house: what a world, a pilot and whoever writes down their run agree on."""
