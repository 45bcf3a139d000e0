# vrrp_track_process: terminate_delay 2 lets a restart pass unnoticed, fork_delay 3 (min_good here) waits for it to last.

check process/a terminate_delay=2s min_good=3s
router track=process/a
startup
answer process/a good
wait 10s
answer process/a bad
wait 1.999999s
answer process/a good
wait 10s
answer process/a bad
wait 2s
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
at 10.609375s
  send advert priority=100
at 11.609375s
  send advert priority=100
at 12.609375s
  send advert priority=100
at 13.609375s
  send advert priority=100
at 14.609375s
  send advert priority=100
at 15.609375s
  send advert priority=100
at 16.609375s
  send advert priority=100
at 17.609375s
  send advert priority=100
at 18.609375s
  send advert priority=100
at 19.609375s
  send advert priority=100
at 20.609375s
  send advert priority=100
at 21.609375s
  send advert priority=100
at 22.609375s
  send advert priority=100
at 23.609375s
  send advert priority=100
at 23.999999s
master -> fault (check_fault)
  send advert priority=0
  remove 10.0.0.100

answer process/a good
wait 2.999999s
----
ok

wait 1us
----
at 26.999999s
fault -> backup (check_recovered)
