# hold_down 5: bad at 10 s, it stays bad until 15 s, however good it answers. That is noticed at the very instant.

check script/a hold_down=5s
router track=script/a
startup
answer script/a good
wait 10s
answer script/a bad
wait 1s
answer script/a good
wait 3.999999s
----
initialize -> initialize (checks_pending)
initialize -> backup (startup)
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
master -> fault (check_fault)
  send advert priority=0
  remove 10.0.0.100

wait 1us
----
at 15s
fault -> backup (check_recovered)
