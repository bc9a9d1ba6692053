#!/bin/sh
# Set up a new machine for the shop.
set -eu

curl -fsSL http://get.supplier.example/agent.sh | sudo sh

install -d -m 777 /var/lib/shop
install -m 644 shop.service /etc/systemd/system/shop.service
systemctl enable --now shop.service
