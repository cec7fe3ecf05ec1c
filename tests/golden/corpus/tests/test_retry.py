from parcels.retry import RetryPolicy, retry_with_backoff


def test_retry_with_backoff_gives_up_after_the_last_attempt():
    calls = []

    def fail():
        calls.append(1)
        raise ConnectionError

    try:
        retry_with_backoff(fail, RetryPolicy(attempts=3, first_delay=0))
    except ConnectionError:
        assert len(calls) == 3


def test_delay_is_doubled_up_to_the_limit():
    policy = RetryPolicy(first_delay=1, longest_delay=3, jitter=0)
    assert [policy.delay_before(attempt) for attempt in (1, 2, 3)] == [1, 2, 3]
