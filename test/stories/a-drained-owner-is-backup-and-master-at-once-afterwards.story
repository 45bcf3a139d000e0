# RFC 5798 §6.4.1 (110): an owner needs not wait, but for an operator who takes it out of service.

router priority=255 address=10.0.0.1
startup
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.1
  announce 10.0.0.1 x5

drain
----
master -> backup (operator)
  send advert priority=0
  remove 10.0.0.1

link eth0 down
link eth0 up
wait 10s
state
----
backup -> fault (link_down)
fault -> backup (link_up)
backup priority=255 due in 2.015624s

resume
----
backup -> master (operator)
  send advert priority=255
  add 10.0.0.1
  announce 10.0.0.1 x5
