module Reports
  # Numbers of a month for the management.
  class MonthlySummary
    def initialize(shipments)
      @shipments = shipments
    end

    # Share of parcels that came on the promised day.
    def punctuality
      return 0.0 if @shipments.empty?

      @shipments.count(&:on_time?).fdiv(@shipments.size)
    end

    # The customers that sent most, the biggest first.
    def top_customers(count = 10)
      @shipments.group_by(&:customer).transform_values(&:size).max_by(count) { |_, size| size }
    end
  end
end
