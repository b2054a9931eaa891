"""Invoices of a small shop: the Python half of the demonstration."""

from dataclasses import dataclass, field
from decimal import Decimal

VAT = Decimal("0.20")


@dataclass
class Line:
    sku: str
    quantity: int
    price: Decimal


@dataclass
class Invoice:
    number: int
    customer: str
    lines: list[Line] = field(default_factory=list)
    discount: Decimal = Decimal(0)

    def net(self) -> Decimal:
        total = sum((line.quantity * line.price for line in self.lines), Decimal(0))
        return total - total * self.discount

    def gross(self) -> Decimal:
        return self.net() * (1 + VAT)

    def render(self) -> str:
        rows = [f"Invoice {self.number} for {self.customer}", ""]
        for line in self.lines:
            amount = line.quantity * line.price
            rows.append(
                f"{line.sku:<12} {line.quantity:>4} x {line.price:>9} {amount:>9}"
            )
        if self.discount:
            rows.append(f"{'discount':<12} {self.discount:>27.0%}")
        rows.append(f"{'net':<12} {self.net():>27.2f}")
        rows.append(f"{'VAT':<12} {self.gross() - self.net():>27.2f}")
        rows.append(f"{'to pay':<12} {self.gross():>27.2f}")
        return "\n".join(rows)
