# RFC 5798 §6.4.2 (470): after a resignation somebody with less priority was
# quicker; that is no reason to wait any longer than Skew_Time, 0.25 s.

router priority=192
startup
hear priority=0
wait 0.1s
----
initialize -> backup (startup)

hear priority=100
state
----
backup priority=192 due in 0.15s
