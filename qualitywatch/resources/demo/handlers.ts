import { createServer, IncomingMessage, ServerResponse } from "node:http";

export interface Order {
  id: string;
  lines: { sku: string; quantity: number; price: number }[];
  paid: boolean;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export class OrderService {
  private readonly orders = new Map<string, Order>();

  total(order: Order): number {
    return order.lines.reduce((sum, line) => sum + line.quantity * line.price, 0);
  }

  add(order: Order): void {
    if (this.orders.has(order.id)) {
      throw new Error(`order ${order.id} exists`);
    }
    this.orders.set(order.id, order);
  }

  find(id: string): Order {
    const order = this.orders.get(id);
    if (order === undefined) {
      throw new Error(`no order ${id}`);
    }
    return order;
  }

  pay(id: string, amount: number): Order {
    const order = this.find(id);
    if (amount < this.total(order)) {
      throw new Error(`order ${id} costs more than ${amount}`);
    }
    const paid = { ...order, paid: true };
    this.orders.set(id, paid);
    return paid;
  }
}

const service = new OrderService();

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const handlers: Record<string, Handler> = {
  "POST /orders": async (request, response) => {
    const order = JSON.parse(await readBody(request)) as Order;
    service.add(order);
    response.writeHead(201).end(order.id);
  },
  "GET /orders": async (request, response) => {
    const id = new URL(request.url ?? "", "http://localhost").searchParams.get("id");
    const order = service.find(id ?? "");
    response.writeHead(200).end(JSON.stringify(order));
  },
  "POST /payments": async (request, response) => {
    const { id, amount } = JSON.parse(await readBody(request));
    const order = service.pay(id, amount);
    response.writeHead(200).end(JSON.stringify(order));
  },
  "GET /health": async (_request, response) => {
    response.writeHead(204).end();
  },
};

export const server = createServer((request, response) => {
  const handler = handlers[`${request.method} ${request.url?.split("?")[0]}`];
  if (handler === undefined) {
    response.writeHead(404).end();
    return;
  }
  handler(request, response).catch((error: Error) => {
    response.writeHead(400).end(error.message);
  });
});
