from parcels.tracking import Tracker, has_valid_check_digit, parse_tracking_number


def test_parse_tracking_number_splits_its_parts():
    assert parse_tracking_number("RB 47312482 9 GB") == ("RB", 47312482, "GB")


def test_check_digit_of_a_tracking_number():
    assert has_valid_check_digit("47312482", 9)


def test_locate_gives_the_last_depot():
    tracker = Tracker()
    tracker.record_scan("RB473124829GB", "Leipzig")
    assert tracker.locate("RB473124829GB") == "Leipzig"
