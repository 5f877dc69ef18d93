"""A shop that speaks gRPC, with or without reflection. Writes its descriptors to a file, prints its port, and then calls
itself through the address of each line that it reads."""
import os, sys
from concurrent import futures

import grpc
from grpc_reflection.v1alpha import reflection
from grpc_tools import protoc

folder, kind = sys.argv[1:]
with open(os.path.join(folder, "money.proto"), "w") as file:
    file.write('syntax = "proto3"; package shop; message Money { int64 cents = 1; string currency = 2; }')
with open(os.path.join(folder, "cart.proto"), "w") as file:
    file.write(
        'syntax = "proto3"; package shop; import "money.proto";'
        "message Item { string name = 1; Money price = 2; } message Total { Money sum = 1; }"
        "service Cart { rpc Add(Item) returns (Total); }"
    )
arguments = ["protoc", f"-I{folder}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
arguments += ["--include_imports", f"--descriptor_set_out={folder}/shop.pb", "money.proto", "cart.proto"]
assert protoc.main(arguments) == 0
sys.path.insert(0, folder)
import cart_pb2, cart_pb2_grpc, money_pb2


class Cart(cart_pb2_grpc.CartServicer):
    def Add(self, item, context):
        context.set_trailing_metadata((("shop-sum", "1"),))
        return cart_pb2.Total(sum=money_pb2.Money(cents=item.price.cents * 2, currency=item.price.currency))


server = grpc.server(futures.ThreadPoolExecutor())
cart_pb2_grpc.add_CartServicer_to_server(Cart(), server)
if kind == "reflect":
    reflection.enable_server_reflection(("shop.Cart", reflection.SERVICE_NAME), server)
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
for line in sys.stdin:
    options = [("grpc.default_authority", "shop.localhost"), ("grpc.enable_http_proxy", 0)]
    with grpc.insecure_channel(line.strip(), options=options) as channel:
        price = money_pb2.Money(cents=21, currency="EUR")
        total = cart_pb2_grpc.CartStub(channel).Add(cart_pb2.Item(name="tea", price=price))
        print(total.sum.cents, flush=True)
