# RFC 5798 §6.4.2 (445)-(460): after a resignation somebody with more priority was
# quicker; Master_Down_Timer is the whole interval again, 3 s + 0.25 s.

router priority=192
startup
hear priority=0
wait 0.1s
----
initialize -> backup (startup)

hear priority=200
state
----
backup priority=192 due in 3.25s

# Silence then is silence, and no resignation: 0.1 s + 3.25 s.

wait 3.25s
----
at 3.35s
backup -> master (master_silent)
  send advert priority=192
  add 10.0.0.100
  announce 10.0.0.100 x5
