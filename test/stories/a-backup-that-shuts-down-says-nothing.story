# RFC 5798 §6.4.2 (345)-(355): the timer is cancelled; only a Master resigns.

router priority=100
startup
wait 1s
----
initialize -> backup (startup)

shutdown
----
backup -> initialize (shutdown)

wait 10s
state
----
initialize priority=100
