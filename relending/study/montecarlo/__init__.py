"""Monte Carlo on cohort series 蒙特卡洛: random rates, rollovers, prepayments and volumes about a scenario."""

from __future__ import annotations

from relending.study.montecarlo.study import MonteCarlo as MonteCarlo
from relending.study.montecarlo.study import monte_carlo as monte_carlo
from relending.study.montecarlo.study import simulate as simulate
