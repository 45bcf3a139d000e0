# B10.10, as Keepalived does it: the new priority stands in the next advertisement, and Adver_Timer runs on.

router priority=150 track=eth1:-60 priority_change=next_advert
link eth1 up
startup
wait 3.414063s
----
initialize -> backup (startup)
at 3.414063s
backup -> master (master_silent)
  send advert priority=150
  add 10.0.0.100
  announce 10.0.0.100 x5

wait 400ms
link eth1 down
----
ok

wait 600ms
----
at 4.414063s
  send advert priority=90
