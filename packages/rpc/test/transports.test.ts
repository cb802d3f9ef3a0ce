import { describeTransportContract } from "./transport-contract.ts";
import { childPair, memoryPair, streamPair, tcpPair, webSocketPair } from "./transport-makers.ts";

describeTransportContract("memory", memoryPair);
describeTransportContract("stream", streamPair);
describeTransportContract("TCP", tcpPair);
describeTransportContract("child process", childPair);
describeTransportContract("WebSocket", webSocketPair);
