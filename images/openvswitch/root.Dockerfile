# The root where registries answer and mmdebstrap is not to be had: the packages of the
# same release, installed in Debian's own image.
FROM debian:bookworm-slim
RUN apt-get update --quiet && \
    apt-get install --quiet --yes --no-install-recommends openvswitch-switch ovn-central && \
    rm -rf /var/lib/apt/lists/* && \
    mkdir -p /var/run/openvswitch /var/run/ovn && chmod 1777 /var/lib/ovn /var/run/ovn
