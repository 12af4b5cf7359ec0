"""The short form of `make chaos`: a worker dies and Redis forgets everything, yet each step takes effect once."""

from tests.chaos.run import Scenario, run
from tests.chaos.stage import stage


def test_each_step_takes_effect_once_though_a_worker_dies_and_redis_forgets() -> None:
    with stage(150) as made:
        scenario = Scenario(300, 8, ("kill urgent worker", "flush Redis"), programs=("urgent", "worker", "cron"))
        done = run(made, scenario, seed=3)
    assert done.result.failures == []
    assert not any(done.result.lost.values()), done.result.lost
    assert not any(done.result.doubled.values()), done.result.doubled
    assert done.result.parked == done.result.left == 0
    assert len(done.outages) == 2
