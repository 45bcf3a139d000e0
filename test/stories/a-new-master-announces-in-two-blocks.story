# RFC 5798 §6.4.1 (120): a gratuitous ARP for each address.  Keepalived (B12.3):
# garp_master_repeat rounds of them at once, as many again after garp_master_delay, and
# then no more.

router priority=255 interval=2s garp_master_repeat=3 garp_master_delay=3s address=10.0.0.100,10.0.0.101
startup
wait 9s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100 10.0.0.101
  announce 10.0.0.100 10.0.0.101 x3
at 2s
  send advert priority=255
at 3s
  announce 10.0.0.100 10.0.0.101 x3
at 4s
  send advert priority=255
at 6s
  send advert priority=255
at 8s
  send advert priority=255
