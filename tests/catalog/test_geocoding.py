"""Addresses to places, offline: how French addresses are written, and when not to answer."""

from collections.abc import Sequence

import pytest

from geoservice.catalog.geocoding import Address, OfflineGeocoder, normalise_street, parse
from geoservice.catalog.streets import normalise_city
from geoservice.types import Placement


def row(number, suffix, street, postcode, citycode, city, lon, lat):
    key = f"{citycode}_{normalise_street(street)}_{number}{suffix}"
    return key, number, suffix, street, normalise_street(street), postcode, citycode, city, lon, lat


class Book:
    """An AddressBook of a few rows."""

    def __init__(self, *rows):
        self.rows, self.asked = rows, 0

    def lookup(self, street: str, postcode: str | None = None, citycode: str | None = None) -> Sequence[tuple]:
        self.asked += 1
        return [r for r in self.rows if r[4] == street and postcode in (None, r[5]) and citycode in (None, r[6])]

    def communes(self, postcode: str | None = None, citycode: str | None = None) -> Sequence[tuple[str, str]]:
        return sorted({(r[6], r[7]) for r in self.rows if postcode in (None, r[5]) and citycode in (None, r[6])})


BOOK = Book(
    row(12, "", "Rue des Lilas", "93140", "93010", "Bondy", 2.480, 48.900),
    row(12, "bis", "Rue des Lilas", "93140", "93010", "Bondy", 2.4802, 48.900),
    row(16, "", "Rue des Lilas", "93140", "93010", "Bondy", 2.481, 48.901),
    row(40, "", "Rue des Lilas", "93140", "93010", "Bondy", 2.489, 48.905),
    row(1, "", "Avenue du Général de Gaulle", "93140", "93010", "Bondy", 2.470, 48.902),
    row(5, "", "Rue de l'Église", "59190", "59043", "Borre", 2.5, 50.73),
    row(5, "", "Rue de l'Église", "59190", "59295", "Hazebrouck", 2.54, 50.72),
    row(7, "", "Rue de l'Église", "59190", "59295", "Hazebrouck", 2.541, 50.72),
    row(3, "", "Rue du Moulin", "01000", "01053", "Bourg-en-Bresse", 5.20, 46.20),
    row(3, "", "Rue du Moulin", "01000", "01053", "Bourg-en-Bresse", 5.25, 46.22),
    row(8, "", "Rue Cuvier", "75005", "75105", "Paris", 2.3585, 48.8482))


def find(line, postcode=None, citycode=None, city=None):
    return OfflineGeocoder(BOOK).locate([Address(line, postcode, citycode, city)])[0]


@pytest.mark.parametrize(("written", "normal"), [
    ("RUE DES LILAS", "rue lilas"), ("R. des Lilas", "rue lilas"), ("Av. du Gal de Gaulle", "avenue general gaulle"),
    ("AVENUE GENERAL DE GAULLE", "avenue general gaulle"), ("Bd St-Michel", "boulevard saint michel"),
    ("Pl. de l’Hôtel de Ville", "place hotel ville"), ("RES LES ÉRABLES", "residence erables"),
    ("All. d'Œdipe", "allee oedipe"), ("Rue du 8 Mai 1945", "rue 8 mai 1945"), ("", "")])
def test_street_names_have_one_form(written, normal):
    assert normalise_street(written) == normal
    assert normalise_street(normal) == normal


@pytest.mark.parametrize(("line", "number", "suffix", "street"), [
    ("16-20 RUE DES MEUNIERS", 16, "", "rue meuniers"), ("25, RUE MORAND", 25, "", "rue morand"),
    ("8BIS RUE CUVIER", 8, "bis", "rue cuvier"), ("161-161BIS RUE DE LA CONVENTION", 161, "", "rue convention"),
    ("12 à 20 Bd Murat", 12, "", "boulevard murat"), ("12/14 rue X", 12, "", "rue x"), ("16 B rue X", 16, "b", "rue x"),
    ("LOT D1B - 86 RUE DES HAIES", 86, "", "rue haies"),
    ("56-58, RUE LEON FROT 3, RUE CARRIERE MAINGUET", 56, "", "rue leon frot"),
    ("SECTEUR HEBERT LOT G 54 RUE DE L'EVANGILE et 20 RUE CUGNOT", 54, "", "rue evangile"),
    ("16-22, RUE FERNAND LEGER (FOYER MURIERS)", 16, "", "rue fernand leger"),
    ("10 rue du 4 septembre, bâtiment B, 3e étage", 10, "", "rue 4 septembre"), ("rue du 8 mai 1945", None, "", "rue 8 mai 1945"),
    ("Place d’Italie", None, "", "place italie"), ("12 Les Lilas", 12, "", "les lilas"), ("", None, "", "")])
def test_address_lines_are_cut_at_the_first_number(line, number, suffix, street):
    parts = parse(Address(line))
    assert (parts.number, parts.suffix, parts.street) == (number, suffix, street)


def test_towns_postcodes_and_cedex():
    parts = parse(Address("12 bis av. Foch 93140 Bondy"))
    assert (parts.number, parts.suffix, parts.street, parts.postcode, parts.city) == (12, "bis", "avenue foch", "93140", "bondy")
    assert parse(Address("1 rue X, 75584 PARIS CEDEX 12")).postcode == "75012"
    assert parse(Address("1 rue X", "59034", None, "LILLE CEDEX")).postcode is None
    assert parse(Address("1 rue X", "1000")).postcode == "01000"
    assert normalise_city("SAINT-DENIS") == normalise_city("St Denis") == "saint denis"
    assert normalise_city("Paris 12e Arrondissement") == "paris"


def test_a_line_of_thousands_of_numbers_takes_no_time():
    assert parse(Address("1 " * 50_000)).street != "x"
    assert parse(Address("1-" * 50_000 + " rue")).number in (None, 1)


def test_a_known_number_is_a_point():
    match = find("12, r. des lilas", "93140")
    assert (match.placement, match.lon, match.lat, match.citycode, match.score) == (Placement.NUMERO, 2.480, 48.900, "93010", 1.0)
    assert find("12 BIS RUE LILAS 93140 BONDY").lon == 2.4802
    assert find("12B RUE LILAS", "93140").lon == 2.4802
    assert find("16-20 RUE DES LILAS", "93140").lon == 2.481


def test_a_suffix_nobody_knows_falls_back_on_the_number_with_a_lower_score():
    match = find("16 ter rue des Lilas", "93140")
    assert (match.placement, match.lon, match.score) == (Placement.NUMERO, 2.481, 0.9)


def test_an_unknown_number_is_a_street_and_never_the_nearest_number():
    match = find("18 rue des Lilas", "93140")
    assert (match.placement, match.citycode) == (Placement.RUE, "93010")
    assert (match.lon, match.lat) in {(r[8], r[9]) for r in BOOK.rows if r[4] == "rue lilas"}
    assert find("rue des Lilas", "93140").placement is Placement.RUE


def test_an_unknown_street_is_a_commune_without_a_point():
    match = find("3 rue Inconnue", "93140")
    assert (match.placement, match.lon, match.lat, match.citycode) == (Placement.COMMUNE, None, None, "93010")
    assert find("", "93140").placement is Placement.COMMUNE


def test_doubt_has_no_place_and_a_reason():
    several = find("5 rue de l'Église", "59190")
    assert several.placement is None
    assert "communes" in several.reason
    apart = find("3 rue du Moulin", "01000")
    assert apart.placement is None
    assert "plusieurs endroits" in apart.reason
    nothing = find("3 rue Inconnue", "59190")
    assert nothing.placement is None
    assert nothing.reason


@pytest.mark.parametrize("more", [{"city": "HAZEBROUCK"}, {"citycode": "59295"}, {"city": "Hazebrouck Cedex"}])
def test_the_town_settles_it(more):
    if "Cedex" in more.get("city", ""):
        assert find("5 rue de l'Église", "59190", **more).placement is None  # its postcode is a delivery office's
    else:
        assert (find("5 rue de l'Église", "59190", **more).lon) == 2.54


def test_paris_as_one_commune_still_finds_the_arrondissement():
    match = find("8 rue Cuvier", "75005", "75056")
    assert (match.placement, match.citycode) == (Placement.NUMERO, "75105")


def test_no_code_at_all_and_no_import_are_said():
    assert "code postal" in find("12 rue des Lilas").reason
    assert "BAN" in find("12 rue des Lilas", "13001").reason


def test_reasons_never_repeat_the_address():
    for match in (find("5 rue de l'Église", "59190"), find("3 rue Secrète", "13001"), find("3 rue Secrète")):
        assert match.reason
        assert "glise" not in match.reason
        assert "Secr" not in match.reason


def test_a_repeated_address_is_looked_up_once_and_order_is_kept():
    book = Book(*BOOK.rows)
    wanted = [Address("12 rue des Lilas", "93140"), Address("16 rue des Lilas", "93140")] * 50
    found = OfflineGeocoder(book).locate(wanted)
    assert [match.lon for match in found[:4]] == [2.480, 2.481, 2.480, 2.481]
    assert book.asked == 2
