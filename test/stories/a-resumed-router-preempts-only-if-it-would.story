# RFC 5798 §6.1 Preempt_Mode: a router that takes part again takes over from a weaker Master when it would have as
# anybody who comes to that wire. Skew_Time of 200 is 56/256 s, so that 3.21875 s pass.

router priority=200
startup
wait 4s
drain
hear priority=100
wait 1s
hear priority=100
resume
hear priority=100
wait 3.218749s
hear priority=100
wait 1us
----
initialize -> backup (startup)
at 3.21875s
backup -> master (master_silent)
  send advert priority=200
  add 10.0.0.100
  announce 10.0.0.100 x5
master -> backup (operator)
  send advert priority=0
  remove 10.0.0.100
at 8.21875s
backup -> master (master_weaker)
  send advert priority=200
  add 10.0.0.100
  announce 10.0.0.100 x5

# With nopreempt it leaves it alone.

drain
hear priority=100
reconfigure a preempt=no
resume
wait 1s
hear priority=100
wait 3s
hear priority=100
state
----
master -> backup (operator)
  send advert priority=0
  remove 10.0.0.100
backup priority=200 due in 3.21875s
