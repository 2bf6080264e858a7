module seatrial/images/node/pause

go 1.26.0
