# B10.9: interface_up_down_delays acts at the interface, before any tracker sees it; the opposite within
# the delay cancels both.

globals link_delays=eth1:2s:3s
router track=eth1
link eth1 up
startup
----
initialize -> backup (startup)

link eth1 down
wait 1.999999s
----
ok

link eth1 up
wait 10s
----
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
at 4.609375s
  send advert priority=100
at 5.609375s
  send advert priority=100
at 6.609375s
  send advert priority=100
at 7.609375s
  send advert priority=100
at 8.609375s
  send advert priority=100
  announce 10.0.0.100 x5
at 9.609375s
  send advert priority=100
at 10.609375s
  send advert priority=100
at 11.609375s
  send advert priority=100

link eth1 down
wait 2s
----
at 12.609375s
  send advert priority=100
at 13.609375s
  send advert priority=100
at 13.999999s
master -> fault (check_fault)
  send advert priority=0
  remove 10.0.0.100

link eth1 up
wait 2.999999s
----
ok

link eth1 down
wait 10s
----
ok

link eth1 up
wait 3s
----
at 29.999998s
fault -> backup (check_recovered)
