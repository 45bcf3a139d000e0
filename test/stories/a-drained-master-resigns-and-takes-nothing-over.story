# What an operator takes out of service resigns as at its end (RFC 5798 §6.4.3, 655): priority 0 first, so that
# a Backup waits for its Skew_Time only.

router priority=200
startup
wait 3.21875s
----
initialize -> backup (startup)
at 3.21875s
backup -> master (master_silent)
  send advert priority=200
  add 10.0.0.100
  announce 10.0.0.100 x5

drain
----
master -> backup (operator)
  send advert priority=0
  remove 10.0.0.100

# It hears its neighbour, who is weaker, and lives with it.

hear priority=100
wait 3s
hear priority=100
wait 3s
----
ok

# Nobody speaks any more. Its Master_Down_Interval by hand: 3 * 1 s + (256 - 200) * 1 s / 256 = 3.21875 s. It runs
# out again and again, and the router takes nothing over.

wait 20s
state
----
backup priority=200 due in 2.75s

# Put back, it waits for a whole Master_Down_Interval, and then takes part as ever.

resume
wait 3.218749s
state
----
backup priority=200 due in 0.000001s

wait 1us
----
at 32.4375s
backup -> master (master_silent)
  send advert priority=200
  add 10.0.0.100
  announce 10.0.0.100 x5
