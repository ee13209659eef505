"""Every number of a shared release, with the defaults that were measured. They are public; only the secret is not."""

from __future__ import annotations

from dataclasses import dataclass

from geoservice.errors import BadInput

VOLUME_CLASSES = (500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)


@dataclass(frozen=True)
class Parameters:
    """What decides about noise, masks, levels and the audit. Counts are facts, shares are fractions of one.

    `min_contributors` 1 asks for none; a territory whose bailleurs want secrecy among themselves asks for 3.
    """

    dwellings: int = 11           # an atom holds at least as many, or none at all
    bar: int = 5                  # true and noisy counts below it are not shown
    reach: int = 5                # D: noise is between -D and D
    variance: float = 2.0         # V
    rest_low: int = 5             # what remains without any one contributor is at least a keyed bar between these two
    rest_high: int = 9
    solo_bar: int = 10            # bar of a kind with a single owner
    min_contributors: int = 1
    density: float = 10.0         # lambda: facts a place, period and group that a family needs to be published
    width: int = 4                # the audit asks that the possible values of a small count span at least this
    near: int = 6                 # nodes whose propagated span is at most this are tried by the solver as well
    rounds: int = 12              # repairs before a place loses its finest level
    branches: int = 300           # of the solver's tree, a question; what it has not found by then counts as a violation
    questions: int = 150          # to the solver, an attacker and reading; nodes beyond count as violations

    def __post_init__(self) -> None:
        """Refuse numbers under which a promise would be empty."""
        if not (1 <= self.bar <= self.rest_low <= self.rest_high and self.reach >= 1 and self.solo_bar >= self.bar):
            raise BadInput("Les seuils de diffusion se contredisent : attendu 1 ≤ seuil ≤ reste minimal ≤ reste maximal.")
        if not 0 < self.variance < self.reach * (self.reach + 1) / 3:
            raise BadInput("La variance du bruit doit être positive et inférieure à celle d’un bruit uniforme.")
        if self.density <= 0 or self.dwellings < 1 or self.min_contributors < 1 or self.width < 1:
            raise BadInput("Densité, logements, contributeurs et largeur doivent être positifs.")


def volume_floor(yearly: int) -> int:
    """Lower end of the declared class that a yearly volume belongs to; 0 below the smallest class.

    The territory declares its class in its agreement: it is a public fact, never read from the data of a release.
    """
    return max((floor for floor in VOLUME_CLASSES if floor <= yearly), default=0)
