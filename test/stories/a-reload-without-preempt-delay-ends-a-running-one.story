# B9.4: taken out of the file, the delay tolerates nobody any more.  The weaker one is
# discarded, and the reason is that it is weaker.  Begun at 0 s the delay would be over
# at 2 s; it is not what ends at 3.5 s.

router name=a priority=128 preempt_delay=2s
startup
hear priority=100
wait 1s
reconfigure a preempt_delay=0s
wait 2s
hear priority=100
wait 0.5s
----
initialize -> backup (startup)
at 3.5s
backup -> master (master_weaker)
  send advert priority=128
  add 10.0.0.100
  announce 10.0.0.100 x5
