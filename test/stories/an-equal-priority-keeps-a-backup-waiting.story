# RFC 5798 §6.4.2 (445): greater than *or equal to*, whatever the addresses: only a
# Master compares those.  10.0.0.0 is smaller than our 10.0.0.1.

router priority=100
startup
wait 3s
----
initialize -> backup (startup)

hear priority=100 from=10.0.0.0
state
----
backup priority=100 due in 3.609375s
