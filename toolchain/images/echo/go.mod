module example.com/nodeport-lab/echo

go 1.22
