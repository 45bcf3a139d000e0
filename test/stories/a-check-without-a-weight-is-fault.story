# B10.2: weight 0 means FAULT while it is bad, and B9.2: the end of FAULT begins a whole
# Master_Down_Interval.

router track=eth1
link eth1 up
startup
wait 3.609375s
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

link eth1 down
----
master -> fault (check_fault)
  send advert priority=0
  remove 10.0.0.100

link eth1 up
----
fault -> backup (check_recovered)

state
----
backup priority=100 due in 3.609375s
