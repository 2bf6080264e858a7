# All programs of the control plane in one layer, which all its images share:
# they differ in their entrypoint only.
ARG ROOT
FROM $ROOT
COPY layer/ /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
