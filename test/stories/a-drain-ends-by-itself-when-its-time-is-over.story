# `heird drain --for 5s`: nobody has to think of it. The time is over 5 s after the command, and the election begins
# as after a start: 3 * 1 s + (256 - 200) * 1 s / 256 = 3.21875 s, here without a Master.

router priority=200
startup
wait 4s
----
initialize -> backup (startup)
at 3.21875s
backup -> master (master_silent)
  send advert priority=200
  add 10.0.0.100
  announce 10.0.0.100 x5

drain for=5s
wait 4.999999s
state
----
master -> backup (operator)
  send advert priority=0
  remove 10.0.0.100
backup priority=200 due in 1.437501s

wait 1us
state
----
backup priority=200 due in 3.21875s

wait 3.21875s
----
at 12.21875s
backup -> master (master_silent)
  send advert priority=200
  add 10.0.0.100
  announce 10.0.0.100 x5
