module seatrial/tools/oci-wrapper

go 1.26.0
