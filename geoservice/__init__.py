"""Hot-spot mapping of incidents in French neighbourhoods: from a raw export to a filtered map."""

__version__ = "0.1.0"
