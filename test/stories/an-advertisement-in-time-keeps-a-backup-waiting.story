# RFC 5798 §6.4.2 (445)-(460): a higher priority resets Master_Down_Timer to the
# whole of Master_Down_Interval, 3 * 1 s + 156/256 s = 3.609375 s.

router priority=100
startup
wait 3s
----
initialize -> backup (startup)

hear priority=200
state
----
backup priority=100 due in 3.609375s

# 3 s + 3.609375 s = 6.609375 s
wait 3.609374s
----
ok

wait 1us
----
at 6.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
