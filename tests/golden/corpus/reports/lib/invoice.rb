require "csv"

module Reports
  # A customer's bill of one month.
  class Invoice
    TAX = 0.19

    def initialize(customer, shipments)
      @customer = customer
      @shipments = shipments
    end

    # Sum of all shipments in cents, with value added tax.
    def total
      (net * (1 + TAX)).round
    end

    # Sum before tax.
    def net
      @shipments.sum(&:price)
    end

    # One line a shipment, for the accountants.
    def to_csv
      CSV.generate do |csv|
        csv << %w[number date price]
        @shipments.each { |shipment| csv << [shipment.number, shipment.date.iso8601, shipment.price] }
      end
    end
  end
end
