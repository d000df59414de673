"""A decision that needs a second person, on the screen: the box, and the two answers."""

from __future__ import annotations

import pytest

from core.queue import claiming
from core.uow import perform
from tests.builders import item
from tests.cast import Cast
from tests.queue.test_approving import asked, returned
from tests.resolutions.records import decided
from tests.ui.conftest import Open, shown


@pytest.fixture
def proposed(cast: Cast) -> int:
    """A refund of 900 that the first reviewer has proposed."""
    number = asked(cast.reviewer)
    decided(cast.reviewer, number, "approve")
    return number


def test_the_second_person_sees_what_is_proposed_and_approves_it(open_page: Open, cast: Cast, proposed: int) -> None:
    perform(cast.reviewer2, claiming.claim, proposed)
    screen = open_page(cast.reviewer2, "queue", {"item": str(proposed)})
    assert not screen.exception
    for told in ("Rita Reviewer proposes: Approve", "giving back", "because it is so"):
        assert told in shown(screen)
    screen.button("deed_approve").click().run()
    assert (item(proposed).status, returned()) == ("resolved", "900.00")


def test_the_second_person_sends_it_back_with_a_reason(open_page: Open, cast: Cast, proposed: int) -> None:
    perform(cast.reviewer2, claiming.claim, proposed)
    screen = open_page(cast.reviewer2, "queue", {"item": str(proposed)})
    screen.button("deed_send_back").click().run()
    screen.text_area(f"ask_reason_{proposed}").set_value("Not agreed.").run()
    screen.button("ask_confirm").click().run()
    assert (item(proposed).status, item(proposed).proposal, returned()) == ("open", None, "0")


def test_the_first_person_sees_that_it_waits_and_can_take_it_back(open_page: Open, cast: Cast, proposed: int) -> None:
    screen = open_page(cast.reviewer, "queue", {"item": str(proposed)})
    assert "Somebody else has to approve it" in shown(screen)
    assert not [button for button in screen.button if button.key in {"deed_approve", "deed_claim", "deed_send_back"}]
    screen.button("undo").click().run()
    assert (item(proposed).assigned_to, item(proposed).proposal) == (cast.reviewer.staff_id, None)
