"""Every name of the town. All are invented: streets are named after plants, and no name is a person's."""

from __future__ import annotations

from dataclasses import dataclass

TOWN = "Valbrune-sur-Orvelle"
NEIGHBOUR = "Orvelle-les-Prés"
RIVER = "L’Orvelle"


@dataclass(frozen=True)
class Commune:
    """A commune of the town; the code begins with 999, which INSEE gives to nobody."""

    code: str
    name: str
    postcode: str


COMMUNES = (Commune("99901", TOWN, "99910"), Commune("99902", NEIGHBOUR, "99920"))


@dataclass(frozen=True)
class Organisation:
    """Who hands files over. `prefix` begins its codes of residences and its fact numbers."""

    code: str
    name: str
    prefix: str


ORVELLE = Organisation("orvelle-habitat", "Orvelle Habitat", "OH")
TOIT = Organisation("toit-valbrunois", "Le Toit valbrunois", "TV")
LOGIS = Organisation("logis-des-peupliers", "Logis des Peupliers", "LP")
CITY = Organisation("ville-valbrune", f"Ville de {TOWN}", "VV")
LANDLORDS = (ORVELLE, TOIT, LOGIS)
ORGANISATIONS = (*LANDLORDS, CITY)

PLANTS = (
    "des Tilleuls", "des Acacias", "des Marronniers", "du Grand Chêne", "des Platanes", "des Érables", "des Frênes",
    "des Lilas", "des Glycines", "des Camélias", "des Hortensias", "des Pivoines", "des Violettes", "du Muguet",
    "des Jonquilles", "des Primevères", "des Bleuets", "des Coquelicots", "des Marguerites", "de la Lavande",
    "du Romarin", "du Thym", "de la Sauge", "du Chèvrefeuille", "de l’Aubépine", "des Églantiers", "du Sureau",
    "des Noisetiers", "des Châtaigniers", "des Noyers", "des Cerisiers", "des Pommiers", "des Poiriers",
    "des Pruniers", "des Amandiers", "des Figuiers", "du Mûrier", "des Cormiers", "de la Vigne", "du Houblon",
    "des Bouleaux", "des Aulnes", "des Saules", "des Osiers", "des Roseaux", "des Joncs", "des Nénuphars",
    "des Iris", "des Fougères", "des Bruyères", "des Genêts", "des Ajoncs", "du Houx", "du Lierre", "du Buis",
    "des Charmes", "des Hêtres", "des Ormes", "des Trembles", "des Cèdres", "des Mélèzes", "des Épicéas", "du Grand Pin",
    "des Cyprès", "des Genévriers", "des Capucines", "des Dahlias", "des Œillets", "des Anémones", "des Gentianes",
    "des Campanules", "des Clématites", "des Jacinthes", "des Narcisses", "des Tulipes", "des Pensées", "du Trèfle",
    "de la Luzerne", "du Colza", "du Lin", "du Chanvre", "de la Garance", "du Pastel", "de l’Absinthe", "du Fenouil",
    "de l’Angélique", "de la Verveine", "du Jasmin", "des Magnolias", "des Mimosas", "des Azalées", "des Lauriers",
    "des Troènes", "des Cytises", "des Alisiers", "des Sorbiers", "des Merisiers", "des Néfliers", "des Cognassiers",
    "des Myrtilles", "des Framboisiers", "des Groseilliers", "des Cassissiers", "des Ronces", "des Orties",
    "de la Bourrache", "du Tournesol", "des Orchidées", "des Ancolies", "des Digitales", "des Lupins", "des Giroflées",
)

RESIDENCE_WORDS = (
    "Les Alouettes", "Les Mésanges", "Les Hirondelles", "Les Chardonnerets", "Les Loriots", "Les Bouvreuils",
    "Les Fauvettes", "Les Grives", "Les Huppes", "Les Martinets", "Les Pinsons", "Les Rossignols", "Les Roitelets",
    "Les Sittelles", "Les Verdiers", "Les Bergeronnettes", "Les Milans", "Les Faucons", "Les Éperviers", "Les Hérons",
    "Les Aigrettes", "Les Cigognes", "Les Grues", "Les Sarcelles", "Les Foulques", "Les Libellules", "Les Cigales",
    "Les Grillons", "Les Écureuils", "Les Hermines", "Les Loutres", "Les Castors", "Les Chevreuils", "Les Renards",
    "Les Blaireaux", "Les Lièvres", "Les Papillons", "Les Lucioles", "Les Coccinelles", "Les Abeilles", "Les Bourdons",
    "Les Truites",
)


def residence_name(index: int) -> str:
    """The name of the residence of that rank."""
    return f"Résidence {RESIDENCE_WORDS[index]}"
